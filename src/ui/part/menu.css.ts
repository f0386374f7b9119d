/**
 * A list of actions in a sheet.
 * @module
 */
import { css } from 'lit'

export const menuStyle = css`
  .menu {
    display: grid;
    margin-inline: calc(-1 * var(--space-3));
  }
  .menu button {
    inline-size: 100%;
    justify-content: start;
    gap: var(--space-4);
    padding-inline: var(--space-3);
    border-radius: var(--radius-2);
    font-weight: 500;
  }
  .menu .icon {
    color: var(--ink-quiet);
  }
  .menu .risky,
  .menu .risky .icon {
    color: var(--danger);
  }
  .help {
    margin-block-start: var(--space-3);
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--space-4);
    padding-block-end: var(--space-3);
  }
`
