/**
 * How the drawing of a stage looks.
 * @module
 */
import { css } from 'lit'

export const stageStyle = css`
  .drawing {
    position: relative;
    block-size: clamp(19rem, 52vw, 25rem);
    border-radius: var(--radius-3);
    background: var(--surface);
    border: 1px solid var(--line);
    overflow: hidden;
  }
  svg {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
  }
  .path {
    stroke: var(--line);
    stroke-width: 1.5;
  }
  /* The tree: what leads, and what hangs on it. */
  .path.branch {
    stroke: var(--accent);
    stroke-width: 3;
    stroke-linecap: round;
  }
  .path.cut {
    stroke: var(--warn);
    stroke-dasharray: 3 6;
  }
  .parcel {
    fill: var(--line-strong);
  }
  .parcel.entries {
    fill: var(--accent-bright);
  }
  .parcel.vote {
    fill: var(--warn);
  }
  .parcel.other {
    fill: var(--surface);
    stroke: var(--line-strong);
  }
  .parcel.answer {
    fill: var(--accent);
  }
  .nobody {
    position: absolute;
    inset-block-start: 10%;
    inline-size: 100%;
    text-align: center;
  }
  .device {
    position: absolute;
    /* Connections lead to the middle of the disc. */
    translate: -50% -1.5rem;
    display: grid;
    justify-items: center;
    gap: 0;
    inline-size: min(6rem, 24%);
    padding: var(--space-1);
    border-radius: var(--radius-2);
    background: none;
    color: var(--ink);
    text-align: center;
  }
  .device[aria-pressed='true'] {
    background: var(--hover);
  }
  .disc {
    display: grid;
    place-content: center;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    border-radius: 50%;
    border: 2px solid var(--accent);
    background: var(--surface-raised);
    font-weight: 650;
  }
  .leader .disc {
    background: var(--accent);
    color: var(--on-accent);
  }
  .learner .disc {
    border-style: dashed;
  }
  .frozen .disc {
    background: var(--ground);
    color: var(--ink-quiet);
    border-color: var(--line-strong);
  }
  .off .disc,
  .starting .disc {
    background: var(--ground);
    color: var(--ink-quiet);
    border: 2px dotted var(--line-strong);
  }
  .apart .disc {
    border-color: var(--warn);
  }
  /* Branches go behind what is written at the one that leads. */
  .name,
  .state {
    padding-inline: var(--space-1);
    background: var(--surface);
  }
  .name {
    font-size: var(--text-1);
    line-height: 1.3;
  }
  .state {
    color: var(--ink-quiet);
    font-size: var(--text-1);
    font-weight: 400;
    line-height: 1.2;
  }
`
