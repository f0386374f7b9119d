/**
 * How the simulator page looks.
 * @module
 */
import { css } from 'lit'

export const simStyle = css`
  .page {
    max-inline-size: 68rem;
  }
  .page > p {
    max-inline-size: var(--measure);
  }
  .play {
    display: grid;
    gap: var(--space-5);
  }
  .stack > bt-stage-view {
    justify-self: stretch;
  }
  @media (min-width: 64rem) {
    .play {
      grid-template:
        'sight side' auto
        'logs side' auto
        'logs story' auto / minmax(0, 3fr) minmax(0, 2fr);
      align-items: start;
    }
    .sight {
      grid-area: sight;
    }
    .side {
      grid-area: side;
    }
    .logs {
      grid-area: logs;
    }
    .told {
      grid-area: story;
    }
  }
  progress {
    inline-size: 100%;
    block-size: var(--space-3);
    accent-color: var(--accent);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1) var(--space-4);
    color: var(--ink-quiet);
  }
  .legend li::before {
    content: '';
    display: inline-block;
    inline-size: 0.6em;
    block-size: 0.6em;
    margin-inline-end: 0.4em;
    border-radius: 50%;
    background: var(--line-strong);
  }
  .legend .entries::before {
    background: var(--accent-bright);
  }
  .legend .answer::before {
    background: var(--accent);
  }
  .legend .other::before {
    background: transparent;
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  .legend .vote::before {
    background: var(--warn);
  }
  .paces {
    display: flex;
    gap: var(--space-1);
    padding: var(--space-1);
    border-radius: var(--radius-round);
    background: var(--surface);
    border: 1px solid var(--line);
  }
  .paces label {
    position: relative;
    font-weight: 500;
  }
  .paces input {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .paces span {
    display: grid;
    place-content: center;
    min-inline-size: var(--touch);
    min-block-size: var(--touch);
    padding-inline: var(--space-3);
    border-radius: var(--radius-round);
  }
  .paces input:checked + span {
    background: var(--accent);
    color: var(--on-accent);
  }
  .paces input:focus-visible + span {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  button[aria-pressed='false'] {
    background: transparent;
    color: var(--ink);
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  h2 .quiet {
    font-weight: 400;
  }
  dl {
    display: grid;
    grid-template-columns: repeat(2, 1fr);
    gap: var(--space-3);
  }
  dt {
    color: var(--ink-quiet);
    font-size: var(--text-1);
  }
  dd {
    font-size: var(--text-3);
    font-weight: 620;
  }
  .story {
    display: grid;
    gap: var(--space-1);
  }
  .story .leads {
    font-weight: 620;
  }
  .scene label {
    inline-size: 8rem;
  }
`
