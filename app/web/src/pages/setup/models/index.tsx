/** Stage models: which there are, their versions, a document to edit, what it would change, and why an event has its stage. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "../../../asking/answers";
import { useView } from "../../../frame/view";
import { Answered } from "../../../parts/states";
import { Changes } from "./changes";
import { Documented } from "./documented";
import { List } from "./list";
import { NewDocument } from "./new";
import { Versions } from "./versions";
import { Why } from "./why";
import type { Model, Models } from "./wire";

const PENDING = ["waiting", "deriving"];

export default function StageModels() {
  const [pending, setPending] = useState(false);
  const asked = useAnswer<Models>("/v1/stage-models", {}, pending);
  const deriving = Boolean(asked.answer?.models.some(({ versions }) => versions.some(({ state }) => PENDING.includes(state))));
  useEffect(() => setPending(deriving), [deriving]);
  useTold(asked.answer);
  return <Answered asked={asked}>{({ models }) => <Seen models={models} again={asked.again} />}</Answered>;
}

/** Says when another version came into use, for the frame offers the models that answer. */
function useTold(answer: Models | undefined): void {
  const inUse = answer && JSON.stringify(answer.models.map(({ model, active }) => [model, active]));
  const before = useRef(inUse);
  useEffect(() => {
    if (before.current && inUse !== before.current) document.dispatchEvent(new Event("modelschange"));
    before.current = inUse;
  }, [inUse]);
}

function Seen({ models, again }: { models: Model[]; again: () => void }) {
  const { params } = useView();
  const chosen = models.find(({ model }) => model === params["edit"]);
  return (
    <div class="sm">
      <List models={models} chosen={chosen} />
      {params["preset"] && <NewDocument key={params["preset"]} preset={params["preset"]} models={models} again={again} />}
      {!params["preset"] && chosen && <Chosen key={chosen.model} model={chosen} models={models} again={again} />}
      <Why models={models} />
    </div>
  );
}

/** The version that the address names, else the newest draft, else the one in use. */
function Chosen({ model, models, again }: { model: Model; models: Model[]; again: () => void }) {
  const { params } = useView();
  const number = Number(params["number"]) || (model.active ?? model.versions[0]?.version ?? 1);
  const version = model.versions.find((one) => one.version === number);
  return (
    <>
      <Versions model={model} shown={number} again={again} />
      <Documented key={number} model={model} number={number} names={models.map((one) => one.model)} again={again} />
      {version && <Changes model={model} version={version} />}
    </>
  );
}
