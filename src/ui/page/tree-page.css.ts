/**
 * How the tree's page is laid out.
 * @module
 */
import { css } from 'lit'

export const treePageStyle = css`
  :host {
    display: grid;
  }
  .views {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(min-content, 1fr);
  }
  .views.both {
    grid-template-rows: minmax(min-content, 1fr);
    grid-template-columns: minmax(0, 1.5fr) minmax(20rem, 1fr);
  }
  .picture {
    display: grid;
    /* The hint never lies over the picture; where there is no room for both, it gives way. */
    grid-template-rows: auto minmax(14rem, 1fr) auto;
    position: relative;
    container-type: inline-size;
    padding: var(--space-3);
  }
  .both .picture {
    padding: var(--space-5) var(--space-4) var(--space-4) var(--space-5);
  }
  bt-tree {
    grid-area: 2 / 1;
  }
  .picture .hint {
    grid-area: 1 / 1;
  }
  @media (max-height: 36rem) {
    .picture .hint {
      display: none;
    }
  }
  bt-crumbs {
    padding-block-start: var(--space-1);
    min-inline-size: 0;
  }
  .ground {
    grid-area: 2 / 1;
    align-self: end;
    justify-self: end;
    display: flex;
    align-items: center;
    padding-inline-end: var(--space-4);
    position: relative;
    z-index: 1;
  }
  .on-root {
    background: var(--root-fill);
    color: var(--on-root);
  }
  .add {
    background: color-mix(in oklch, var(--root-fill), var(--on-root) 18%);
  }
  @media (hover: hover) {
    .on-root:hover {
      background: color-mix(in oklch, var(--root-fill), var(--on-root) 28%);
    }
  }
  @container (max-width: 18rem) {
    .add {
      padding: 0;
    }
    .add span {
      display: none;
    }
  }
  .on-root:focus-visible {
    outline-color: var(--on-root);
  }
  .list {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    align-content: start;
    padding: 0 var(--space-3) var(--space-3);
  }
  /* As high as the picture beside it, whatever is in it. On a narrow page it scrolls with all the rest. */
  .both .list {
    contain: size;
    overflow: auto;
    overscroll-behavior: contain;
    grid-template-rows: auto minmax(0, 1fr);
    padding: 0 var(--space-4) var(--space-6);
    border-inline-start: 1px solid var(--line);
    background: var(--surface);
  }
  .search {
    display: flex;
    gap: var(--space-2);
    position: relative;
    z-index: 1;
    padding-block: var(--space-3) var(--space-2);
    background: var(--ground);
  }
  .tall .search {
    position: sticky;
    inset-block-start: 0;
  }
  .both .search {
    padding-block-start: var(--space-5);
    background: var(--surface);
  }
  .search .icon {
    position: absolute;
    margin: 0.8rem 0.9rem;
    color: var(--ink-quiet);
    pointer-events: none;
  }
  .search input {
    padding-inline-start: 2.75rem;
    border-radius: var(--radius-round);
    border-color: var(--line-strong);
  }
  .switch {
    justify-self: center;
    display: flex;
    gap: 2px;
    margin-block-start: var(--space-2);
    padding: 2px;
    border-radius: var(--radius-round);
    background: var(--hover);
  }
  .switch button {
    min-block-size: var(--touch);
    font-size: var(--text-1);
    color: var(--ink-quiet);
  }
  .switch [aria-pressed='true'],
  .switch [aria-pressed='true']:hover {
    background: var(--accent-quiet);
    color: var(--on-accent-quiet);
  }
  .float {
    justify-self: end;
    align-self: end;
    z-index: 1;
    margin-block-start: var(--space-4);
    box-shadow: var(--shadow);
  }
  .tall .float {
    position: sticky;
    inset-block-end: var(--space-3);
  }
`
