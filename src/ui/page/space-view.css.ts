/**
 * How the parts of the used space look.
 * @module
 */
import { css } from 'lit'

export const spaceStyle = css`
  section {
    inline-size: 100%;
  }
  .used {
    font-size: var(--text-3);
    font-weight: 570;
  }
  .bar {
    inline-size: 100%;
    block-size: 0.75rem;
    border-radius: var(--radius-round);
    background: var(--line);
  }
  .tree {
    fill: var(--accent-bright);
    background: var(--accent-bright);
  }
  .in-trash {
    fill: var(--warn);
    background: var(--warn);
  }
  .upkeep {
    fill: var(--line-strong);
    background: var(--line-strong);
  }
  :host {
    container-type: inline-size;
  }
  .legend {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  @container (min-width: 28rem) {
    .legend {
      grid-template-columns: repeat(4, minmax(0, 1fr));
    }
  }
  .legend dt {
    display: flex;
    align-items: center;
    gap: var(--space-2);
  }
  .swatch {
    inline-size: 0.7em;
    block-size: 0.7em;
    border-radius: 0.2em;
  }
`
