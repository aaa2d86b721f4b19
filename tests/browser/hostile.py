"""Words that would run if anything took them for markup, a link, a template or a formula; and people whose every word is one of them."""

from typing import Any
from unicodedata import category, normalize
from urllib.parse import quote

from tests.service import BROWSER

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg/onload=alert(3)>',
    "<iframe srcdoc='<script>parent.alert(4)</script>'></iframe>",
    "javascript:alert(5)",
    "'-alert(6)-'",
    "{{constructor.constructor('alert(7)')()}}",
    "${alert(8)}",
    "<a href=javascript:alert(9)>9</a>",
    "{a|alert(10)} {b} \\u003cimg src=x onerror=alert(10)\\u003e",
    "&lt;img src=x onerror=alert(11)&gt;",
    "</textarea></title><style>*{display:none}</style><b onmouseover=alert(12)>",
    "\u202egnp.exe <object data=javascript:alert(13)>",
    "__proto__",
    "constructor",
    "<svg><script>alert(14)</script></svg>",
    "<svg><animate onbegin=alert(15) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(16)'><text y=9>16</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(17)>",
    "<details open ontoggle=alert(18)>",
    "<body onload=alert(19)>",
    "<input autofocus onfocus=alert(20)>",
    "<marquee onstart=alert(21)>21</marquee>",
    "<video><source onerror=alert(22)></video>",
    "<audio src=x onerror=alert(23)>",
    "<embed src=javascript:alert(24)>",
    "<form action=javascript:alert(25)><button>25</button></form>",
    "<button formaction=javascript:alert(26)>26</button>",
    "<isindex action=javascript:alert(27) type=image>",
    "<link rel=stylesheet href=javascript:alert(28)>",
    "<style>@import 'javascript:alert(29)';</style>",
    "<base href='javascript:alert(30)//'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(31)'>",
    "<template><script>alert(32)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(33)>'>",
    "<!--><img src=x onerror=alert(34)>-->",
    "<![CDATA[<img src=x onerror=alert(35)>]]>",
    "<scr<script>ipt>alert(36)</scr</script>ipt>",
    "<IMG SRC=&#106;avascript:alert(37)>",
    "<img src=`x` onerror=`alert(38)`>",
    "<img/src/onerror=alert(39)>",
    "<<script>alert(40)//<</script>",
    "%3Cscript%3Ealert(41)%3C/script%3E",
    "\\x3cscript\\x3ealert(42)\\x3c/script\\x3e",
    "&#60;script&#62;alert(43)&#60;/script&#62;",
    "data:text/html,<script>alert(44)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCg0NSk8L3NjcmlwdD4=",
    "vbscript:msgbox(46)",
    "JaVaScRiPt:alert(47)",
    "java\tscript:alert(48)",
    "\u0001javascript:alert(49)",
    "//evil.example/%2f..",
    "https://evil.example/\u2028alert(50)",
    "';alert(51)//",
    '";alert(52)//',
    "`;alert(53)//",
    "*/alert(54)/*",
    "--></script><script>alert(55)</script>",
    "]]><script>alert(56)</script>",
    "#{alert(57)} <%= alert(57) %> [[alert(57)]]",
    "{{7*7}} {% raw %} @{alert(58)}",
    "=cmd|' /C calc'!A0",
    "\u2066\u2067\u202e<b onclick=alert(59)>\u2069",
    "a\u0300\u0301\u0302\u0303\u0304" * 8 + "<img src=x onerror=alert(60)>",
    "toString",
]
PEOPLE = [normalize("NFC", words) for words in HOSTILE if not any(category(letter) == "Cc" for letter in words)]
"""Those that can be identifiers, as they are kept: control characters identify nobody."""

ACTIVE = (
    "main :is(script, iframe, object, embed, style, link, base, meta, marquee, math, template, form[action], [onerror], [onload], "
    "[onclick], [onmouseover], [onfocus], [ontoggle], [onbegin], [onstart], [srcdoc], [style*='display:none'], [href^='javascript' i], "
    "[href^='data:' i], [href^='vbscript' i], [src^='javascript' i])"
)
"""What must not stand in a page, however it got there."""


def deeds(hostile: str) -> list[dict[str, Any]]:
    """What somebody did whose every word is hostile."""
    page = {"url": f"https://shop.example/?utm_source={quote(hostile)}&q={hostile}", "referrer": f"https://{hostile}/", "title": hostile}
    campaign = {"source": hostile, "medium": hostile, "name": hostile, "term": hostile, "content": hostile}
    context = {"page": page, "campaign": campaign, "userAgent": BROWSER, "device": {"type": hostile}, "location": {"country": hostile}}
    who = {"userId": hostile, "anonymousId": f"device {hostile}", "context": context}
    return [
        {**who, "type": "identify", "traits": {"name": hostile, hostile: hostile, "list": [hostile], "plan": hostile}},
        {
            **who,
            "type": "track",
            "event": hostile,
            "properties": {hostile: hostile, "touchpoint_channel": hostile, "currency": hostile, "rating": 3},
        },
        {**who, "type": "track", "event": f"Then {hostile}", "properties": {"revenue": 5}},
    ]


def failures(hostile: str) -> list[dict[str, Any]]:
    """Events that fail, each with hostile words where the reason is told."""
    return [
        {"type": hostile, "userId": hostile, "event": hostile},
        {"type": "track", "userId": hostile, "event": hostile, "timestamp": hostile},
        {"type": "track", "event": hostile, "properties": {hostile: hostile}},
    ]
