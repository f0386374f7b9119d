/**
 * What every element's shadow begins with: a reset, and the few things that look the same everywhere.
 * @module
 */
import { css } from 'lit'

export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1 {
    font-size: var(--text-5);
    font-weight: 650;
    letter-spacing: -0.022em;
    line-height: 1.15;
  }
  h2 {
    font-size: var(--text-3);
    font-weight: 620;
    letter-spacing: -0.008em;
    line-height: 1.3;
  }
  h3 {
    font-size: var(--text-2);
    font-weight: 600;
  }
  :focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  ::selection {
    background: var(--accent-quiet);
    color: var(--on-accent-quiet);
  }
  .quiet {
    color: var(--ink-quiet);
  }
  .small {
    font-size: var(--text-1);
  }
  .number {
    font-variant-numeric: tabular-nums;
  }
  .mono {
    font-family: var(--font-mono);
    font-size: var(--text-1);
    font-variant-ligatures: none;
    line-height: 1.7;
    word-break: normal;
    overflow-wrap: normal;
  }
  .stack {
    display: grid;
    gap: var(--space-4);
    align-content: start;
    justify-items: start;
  }
  .stack > * {
    max-inline-size: 100%;
  }
  .wide {
    justify-self: stretch;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2);
    align-items: center;
  }
  .unseen:not(:focus-visible) {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .icon {
    inline-size: 1.25em;
    block-size: 1.25em;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .problem {
    display: flex;
    gap: var(--space-2);
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-2);
    background: var(--danger-quiet);
    color: var(--ink);
  }
  .problem .icon,
  .note .icon {
    margin-block-start: 0.1em;
  }
  .problem .icon {
    color: var(--danger);
  }
  .note {
    display: flex;
    gap: var(--space-2);
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-2);
    background: var(--warn-quiet);
  }
  .note .icon {
    color: var(--warn);
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.2em;
  }
  button,
  .button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    min-block-size: var(--touch);
    min-inline-size: var(--touch);
    padding: var(--space-2) var(--space-4);
    border: 0;
    border-radius: var(--radius-round);
    background: var(--accent-quiet);
    color: var(--on-accent-quiet);
    font-weight: 570;
    line-height: 1.2;
    text-decoration: none;
    text-align: start;
    cursor: pointer;
    transition:
      background var(--fast),
      transform var(--fast),
      opacity var(--fast);
    -webkit-tap-highlight-color: transparent;
    touch-action: manipulation;
  }
  button:active {
    transform: scale(0.98);
  }
  button.loud,
  .button.loud {
    background: var(--accent);
    color: var(--on-accent);
  }
  button.danger {
    background: var(--danger);
    color: var(--on-danger);
  }
  button.plain,
  .button.plain {
    background: transparent;
    color: var(--ink);
  }
  button.only-icon {
    padding: 0;
    inline-size: var(--touch);
    block-size: var(--touch);
  }
  @media (hover: hover) {
    button:hover,
    .button:hover {
      background: color-mix(in oklch, var(--accent-quiet), var(--accent) 14%);
    }
    button.loud:hover,
    .button.loud:hover {
      background: color-mix(in oklch, var(--accent), var(--ink) 14%);
    }
    button.danger:hover {
      background: color-mix(in oklch, var(--danger), var(--ink) 14%);
    }
    button.plain:hover,
    .button.plain:hover {
      background: var(--hover);
    }
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  label {
    display: grid;
    gap: var(--space-1);
    font-weight: 570;
  }
  input,
  select,
  textarea {
    inline-size: 100%;
    min-block-size: var(--touch);
    padding: var(--space-2) var(--space-3);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-2);
    background: var(--surface-raised);
    color: var(--ink);
    font-weight: 400;
    /* Below 16 px phones zoom into the field. */
    font-size: max(1rem, var(--text-2));
  }
  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    outline-offset: 0;
    border-color: var(--focus);
  }
  input::placeholder {
    color: var(--ink-quiet);
    opacity: 1;
  }
`

/** A page of text: one column of comfortable width. */
export const pageStyle = css`
  :host {
    padding: var(--space-5) var(--space-4) var(--space-7);
  }
  .page {
    max-inline-size: var(--measure);
    margin-inline: auto;
    display: grid;
    gap: var(--space-5);
    align-content: start;
  }
  @media print {
    :host {
      padding: 0;
    }
  }
`

/** A part of such a page under its own heading, on a card or not; and terms with what they stand for. */
export const sectionStyle = css`
  section {
    display: grid;
    gap: var(--space-3);
    justify-items: start;
  }
  section > * {
    max-inline-size: 100%;
  }
  /* Takes no room before it has something to say. */
  [role='status']:empty {
    position: absolute;
  }
  .card {
    padding: var(--space-5) var(--space-4);
    border-radius: var(--radius-3);
    background: var(--surface);
    border: 1px solid var(--line);
  }
  dl {
    display: grid;
    gap: var(--space-3);
    inline-size: 100%;
  }
  dt {
    color: var(--ink-quiet);
    font-size: var(--text-1);
  }
`
