/** The document of a version, to be read or to become the next version. */

import { useAnswer } from "../../../asking/answers";
import { useView } from "../../../frame/view";
import { Card } from "../../../parts/card";
import { Answered } from "../../../parts/states";
import { said } from "../../../words/language";
import { freeName, renamed } from "./document";
import { Editor } from "./editor";
import type { Document, Model } from "./wire";
import { WORDS } from "./words";

interface DocumentedProps {
  model: Model;
  number: number;
  names: string[];
  again: () => void;
}

export function Documented({ model, number, names, again }: DocumentedProps) {
  const view = useView();
  const words = said(WORDS);
  const asked = useAnswer<Document>(`/v1/stage-models/${encodeURIComponent(model.model)}/versions/${number}`);
  return (
    <Card title={words.document(number)}>
      <Answered asked={asked} lines={8}>
        {({ yaml }) => {
          const text = model.built_in && view.admin ? renamed(yaml, freeName(model.model, names)) : yaml;
          return <Editor name={`${model.model} ${number}`} saved={text} fresh={model.built_in} again={again} />;
        }}
      </Answered>
    </Card>
  );
}
