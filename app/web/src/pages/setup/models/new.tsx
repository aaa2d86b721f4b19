/** A model of the operator's own that starts as a copy of one that comes with the service. */

import { useAnswer } from "../../../asking/answers";
import { Card } from "../../../parts/card";
import { Answered, Nothing } from "../../../parts/states";
import { said } from "../../../words/language";
import { freeName, renamed } from "./document";
import { Editor } from "./editor";
import type { Model, Presets } from "./wire";
import { WORDS } from "./words";

export function NewDocument({ preset, models, again }: { preset: string; models: Model[]; again: () => void }) {
  const words = said(WORDS);
  const asked = useAnswer<Presets>("/v1/stage-models/presets");
  const free = freeName(preset, models.map(({ model }) => model));
  return (
    <Card title={words.newDocument} note={words.newNote}>
      <Answered asked={asked} lines={8}>
        {({ presets }) => {
          const found = presets.find(({ model }) => model === preset);
          return found ? <Editor name={`new ${preset}`} saved={renamed(found.yaml, free)} fresh again={again} /> : <Nothing />;
        }}
      </Answered>
    </Card>
  );
}
