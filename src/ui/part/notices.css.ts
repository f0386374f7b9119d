/**
 * How messages look.
 * @module
 */
import { css } from 'lit'

export const noticesStyle = css`
  ul {
    display: grid;
    gap: var(--space-2);
    max-inline-size: 40rem;
    margin-inline: auto;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    padding: var(--space-1) var(--space-1) var(--space-1) var(--space-4);
    border-radius: var(--radius-3);
    background: var(--surface-raised);
    border: 1px solid var(--line);
    line-height: 1.35;
    animation: rise var(--settle);
  }
  li:last-child {
    margin-block-end: var(--space-2);
  }
  li.danger {
    background: var(--danger-quiet);
  }
  p {
    flex: 1 1 8rem;
    padding-block: var(--space-2);
    overflow-wrap: anywhere;
  }
  /* It is read before it is answered, and mostly long. */
  .question p {
    flex-basis: 100%;
    padding-inline-end: var(--space-3);
  }
  .act {
    padding-inline: var(--space-3);
    color: var(--accent);
  }
  .left {
    min-inline-size: 1.5em;
    color: var(--ink-quiet);
    text-align: end;
  }
  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(0.75rem);
    }
  }
`
