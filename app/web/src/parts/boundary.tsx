/** Where something breaks while it is drawn, the rest of the page stays. */

import { Component, type ComponentChildren } from "preact";
import { FRAME } from "../words/frame";
import { said } from "../words/language";

export class Boundary extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(failure: unknown): void {
    reportError(failure);
    this.setState({ broken: true });
  }

  override render() {
    return this.state.broken ? <p class="trouble" role="alert">{said(FRAME).broken}</p> : this.props.children;
  }
}
