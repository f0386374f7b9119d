/**
 * How the steps of planting and of recovering look.
 * @module
 */
import { css } from 'lit'

export const plantStyle = css`
  form {
    display: grid;
    gap: var(--space-2);
  }
  label:not(:first-child) {
    margin-block-start: var(--space-3);
  }
  form .row {
    margin-block-start: var(--space-4);
  }
  .why {
    display: grid;
    gap: var(--space-3);
  }
  .why li {
    display: flex;
    gap: var(--space-3);
  }
  .why .icon {
    color: var(--accent);
    margin-block-start: 0.1em;
  }
  h1:focus {
    outline: none;
  }
`
