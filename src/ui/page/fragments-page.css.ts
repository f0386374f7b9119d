/**
 * How the fragments page looks.
 * @module
 */
import { css } from 'lit'

export const fragmentsStyle = css`
  input[type='file'] {
    border-style: dashed;
  }
  progress {
    inline-size: 100%;
    block-size: var(--space-3);
    accent-color: var(--accent);
  }
  ul {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(var(--touch), 1fr));
    gap: var(--space-1);
    inline-size: 100%;
  }
  li {
    display: grid;
  }
  .seed {
    padding: 0;
    border-radius: var(--radius-2);
  }
  .seed:disabled {
    background: transparent;
    color: var(--ink-quiet);
    border: 1px dashed var(--line-strong);
    opacity: 1;
  }
`
