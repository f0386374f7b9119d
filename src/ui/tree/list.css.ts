/**
 * How the list looks.
 * @module
 */
import { css } from 'lit'

export const listStyle = css`
  [role='tree'] {
    display: grid;
    gap: 1px;
  }
  li {
    display: grid;
    grid-template-columns: 1.25rem auto minmax(0, 1fr) auto;
    align-items: center;
    gap: var(--space-2);
    min-block-size: 3.25rem;
    padding-inline: var(--space-1);
    border-radius: var(--radius-2);
    cursor: pointer;
    content-visibility: auto;
    contain-intrinsic-block-size: auto 3.25rem;
    -webkit-tap-highlight-color: transparent;
  }
  @media (hover: hover) {
    li:hover {
      background: var(--hover);
    }
  }
  li:focus-visible {
    outline-offset: -2px;
  }
  li.target {
    background: var(--accent-quiet);
  }
  .level-2 {
    margin-inline-start: 1.25rem;
  }
  .level-3 {
    margin-inline-start: 2.5rem;
  }
  .level-4 {
    margin-inline-start: 3.75rem;
  }
  .level-5 {
    margin-inline-start: 5rem;
  }
  .level-6,
  .level-7,
  .level-8 {
    margin-inline-start: 6rem;
  }
  .fold {
    display: grid;
    place-content: center;
    align-self: stretch;
    color: var(--ink-quiet);
  }
  .fold .icon {
    inline-size: 1rem;
    block-size: 1rem;
    transition: transform var(--fast);
  }
  .fold .icon:dir(rtl) {
    transform: scaleX(-1);
  }
  .fold.down .icon {
    transform: rotate(90deg);
  }
  .kind {
    display: grid;
    color: var(--ink-quiet);
  }
  .kind.folder .icon {
    color: var(--accent);
    fill: var(--accent-quiet);
  }
  .texts {
    display: grid;
    min-inline-size: 0;
    padding-block: var(--space-1);
  }
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    line-height: 1.35;
  }
  .about {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--space-3);
    line-height: 1.35;
  }
  .more {
    color: var(--ink-quiet);
  }
  .none {
    padding: var(--space-6) var(--space-4);
    text-align: center;
  }
`
