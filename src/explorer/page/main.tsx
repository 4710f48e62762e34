/** The page. */

import { render, type VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatDuration } from "../../index.js";
import { Simulator } from "../client.js";
import type { Answer } from "../protocol.js";
import { pageResources } from "../resources.js";

const simulator = new Simulator(pageResources());

function Page(): VNode {
  const [answer, setAnswer] = useState<Answer>();
  useEffect(() => {
    void simulator.ask({ side: "a", settings: { set: {} }, wants: {} }).then((one) => one && setAnswer(one));
  }, []);
  return <output>{textOf(answer)}</output>;
}

function textOf(answer: Answer | undefined): string {
  if (answer === undefined) return "…";
  return "error" in answer ? answer.error : formatDuration(answer.row.bootTimeNs);
}

render(<Page />, document.querySelector("main")!);
