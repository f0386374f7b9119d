/**
 * How work in progress looks.
 * @module
 */
import { css } from 'lit'

export const jobsStyle = css`
  section {
    max-inline-size: 40rem;
    margin: var(--space-2) auto;
    padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
    border-radius: var(--radius-3);
    background: var(--surface-raised);
    border: 1px solid var(--line);
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: 0 var(--space-2);
    padding-block: var(--space-1);
  }
  .title {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .figures {
    gap: 0 var(--space-3);
  }
  progress {
    appearance: none;
    display: block;
    inline-size: 100%;
    block-size: 0.375rem;
    margin-block: var(--space-1);
    border: 0;
    border-radius: var(--radius-round);
    background: var(--accent-quiet);
    overflow: hidden;
  }
  progress::-webkit-progress-bar {
    background: var(--accent-quiet);
  }
  progress::-webkit-progress-value {
    border-radius: var(--radius-round);
    background: var(--accent-bright);
  }
  progress::-moz-progress-bar {
    background: var(--accent-bright);
  }
`
