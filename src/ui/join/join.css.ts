/**
 * How the pages of joining look, beside what the steps of planting have.
 * @module
 */
import { css } from 'lit'

export const joinStyle = css`
  h1 bdi,
  h2 bdi {
    overflow-wrap: anywhere;
  }
  .steps {
    display: grid;
    gap: var(--space-2);
    padding-inline-start: 1.4em;
    list-style: decimal;
  }
  .steps ::marker {
    color: var(--ink-quiet);
    font-variant-numeric: tabular-nums;
  }
  .choices {
    display: grid;
    gap: var(--space-2);
    justify-items: stretch;
  }
  form .choices {
    margin-block-start: var(--space-4);
  }
  legend {
    margin-block-end: var(--space-2);
    padding: 0;
    font-weight: 570;
  }
  /* A choice is pressed wherever it is. */
  .choices .choice {
    grid-template-columns: auto minmax(0, 1fr);
    align-items: start;
    gap: var(--space-3);
    margin-block-start: 0;
    padding: var(--space-3);
    border: 1px solid var(--line);
    border-radius: var(--radius-2);
    background: var(--surface);
    cursor: pointer;
  }
  .choice:has(:checked) {
    border-color: var(--line-strong);
    background: var(--surface-raised);
  }
  .choice input {
    inline-size: 1.25rem;
    min-block-size: 1.25rem;
    margin: 0.1em 0 0;
    padding: 0;
    accent-color: var(--accent);
  }
  .choice small {
    display: block;
    font-weight: 400;
  }
  /* What is typed, as large as what is read from the other screen. */
  .digits-field {
    inline-size: 9rem;
    font-size: var(--text-5);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
    letter-spacing: 0.3em;
    padding-block: var(--space-1);
  }
  .digits {
    display: flex;
    justify-content: center;
    gap: clamp(var(--space-2), 4vw, var(--space-4));
    direction: ltr;
  }
  .digits span {
    min-inline-size: 1.25em;
    padding: var(--space-2) 0;
    border-radius: var(--radius-2);
    border: 1px solid var(--line);
    background: var(--surface-raised);
    font-size: clamp(2.75rem, 14vw, 4.5rem);
    font-weight: 620;
    font-variant-numeric: tabular-nums;
    line-height: 1.15;
    text-align: center;
  }
  .asked {
    display: grid;
    gap: var(--space-4);
    padding: var(--space-5) var(--space-4);
    border-radius: var(--radius-3);
    background: var(--surface);
    border: 1px solid var(--line);
  }
`
