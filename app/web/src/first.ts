/** Before the first stroke: the reader's theme and language, so that nothing flickers. */

import { dress, themeNow } from "./frame/theme";
import { language } from "./words/language";

dress(themeNow());
document.documentElement.lang = language;
