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
