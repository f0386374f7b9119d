/**
 * How the fragments page looks.
 * @module
 */
import { css } from 'lit'

export const fragmentsStyle = css`
  input[type='file'] {
    border-style: dashed;
  }
  ::file-selector-button {
    margin-inline-end: var(--space-3);
    padding: var(--space-1) var(--space-3);
    font: inherit;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-2);
  }
  .done {
    display: flex;
    align-items: center;
    gap: var(--space-2);
  }
  .done .icon {
    color: var(--accent);
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
