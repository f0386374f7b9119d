/**
 * How the frame is laid out: a bar below on a narrow page, a rail beside on a wide one.
 * @module
 */
import { css } from 'lit'

export const shellStyle = css`
  .frame {
    display: grid;
    block-size: 100dvh;
    padding: env(safe-area-inset-top) env(safe-area-inset-right) 0 env(safe-area-inset-left);
    background: var(--ground);
    color: var(--ink);
  }
  .with-bar {
    grid-template-rows: auto minmax(0, 1fr) auto auto;
    grid-template-areas: 'header' 'main' 'jobs' 'nav';
  }
  .with-rail {
    grid-template-columns: 14rem minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr) auto;
    grid-template-areas: 'header main' 'nav main' 'jobs main';
  }
  header {
    grid-area: header;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 var(--space-3);
    padding: var(--space-1) var(--space-4);
  }
  .with-rail header {
    display: grid;
    gap: var(--space-1);
    padding: var(--space-5) var(--space-4) var(--space-3);
  }
  .brand {
    display: inline-flex;
    align-items: center;
    gap: var(--space-2);
    min-block-size: var(--touch);
    color: var(--ink);
    font-weight: 650;
    letter-spacing: -0.02em;
    text-decoration: none;
    border-radius: var(--radius-1);
  }
  .with-rail .brand {
    font-size: var(--text-3);
  }
  .logo {
    inline-size: 1.6rem;
    block-size: 1.6rem;
    fill: var(--accent-bright);
    flex: none;
  }
  .logo .root {
    fill: var(--root-fill);
  }
  .status {
    display: inline-flex;
    align-items: center;
    gap: 0.45em;
    min-inline-size: 0;
    color: var(--ink-quiet);
    font-size: var(--text-1);
  }
  .dot {
    inline-size: 0.55em;
    block-size: 0.55em;
    border-radius: 50%;
    background: var(--accent-bright);
    flex: none;
  }
  .status.alone {
    color: var(--warn);
  }
  .status.alone .dot {
    background: transparent;
    box-shadow: inset 0 0 0 0.14em var(--warn);
  }
  nav {
    grid-area: nav;
    display: grid;
  }
  .with-bar nav {
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    padding-block-end: env(safe-area-inset-bottom);
    border-block-start: 1px solid var(--line);
    background: var(--surface);
  }
  .with-rail nav {
    align-content: start;
    gap: var(--space-1);
    padding: 0 var(--space-3);
  }
  nav a {
    display: flex;
    align-items: center;
    min-block-size: 3.5rem;
    color: var(--ink-quiet);
    font-weight: 570;
    text-decoration: none;
    -webkit-tap-highlight-color: transparent;
  }
  .with-bar nav a {
    flex-direction: column;
    justify-content: center;
    gap: 0.15rem;
    font-size: var(--text-1);
    outline-offset: -3px;
  }
  .with-rail nav a {
    gap: var(--space-3);
    min-block-size: var(--touch);
    padding-inline: var(--space-3);
    border-radius: var(--radius-2);
  }
  nav a[aria-current] {
    color: var(--accent);
  }
  .with-rail nav a[aria-current] {
    background: var(--accent-quiet);
    color: var(--on-accent-quiet);
  }
  @media (hover: hover) {
    .with-rail nav a:not([aria-current]):hover {
      background: var(--hover);
    }
  }
  main {
    grid-area: main;
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    min-block-size: 0;
    overflow: auto;
    overscroll-behavior: contain;
    outline: none;
  }
  main > * {
    grid-row: 2;
    min-inline-size: 0;
  }
  .offer {
    grid-row: 1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: var(--space-2) var(--space-3);
    margin: var(--space-2) var(--space-3) 0;
    padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
    border-radius: var(--radius-3);
    background: var(--surface);
    border: 1px solid var(--line);
    line-height: 1.35;
    font-size: var(--text-1);
  }
  .offer + .offer {
    grid-row: auto;
  }
  .offer p {
    flex: 1 1 7rem;
    min-inline-size: 0;
  }
  .offer .icon {
    color: var(--accent);
    font-size: 1.3em;
  }
  .with-rail .offer {
    margin: var(--space-4) var(--space-5) 0;
    font-size: var(--text-2);
  }
  bt-jobs {
    grid-area: jobs;
    min-inline-size: 0;
    padding: 0 var(--space-3) var(--space-2);
  }
  .with-rail bt-jobs {
    padding: 0 var(--space-2) var(--space-3);
  }
  .overlays {
    position: fixed;
    inset: auto var(--space-3) calc(4.25rem + env(safe-area-inset-bottom)) var(--space-3);
    z-index: 2;
    display: grid;
    gap: var(--space-2);
    pointer-events: none;
  }
  .overlays > * {
    pointer-events: auto;
    justify-self: center;
    inline-size: min(100%, 32rem);
  }
  .with-rail .overlays {
    inset: auto var(--space-5) var(--space-5) auto;
    inline-size: min(30rem, 60vw);
  }
  .centre {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: var(--space-4);
    padding: var(--space-5);
    text-align: center;
    text-wrap: balance;
    max-inline-size: var(--measure);
    margin-inline: auto;
  }
  .centre .logo {
    inline-size: min(5rem, 20vw);
    block-size: min(5rem, 20vw);
  }
  .drop {
    position: fixed;
    inset: var(--space-2);
    z-index: 3;
    display: grid;
    place-content: end center;
    padding: var(--space-7);
    border: 2px dashed var(--accent);
    border-radius: var(--radius-3);
    pointer-events: none;
  }
  .drop p {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    padding: var(--space-3) var(--space-5);
    border-radius: var(--radius-round);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 570;
    box-shadow: var(--shadow);
  }
  @media print {
    .frame {
      display: block;
      block-size: auto;
      background: none;
    }
    header,
    nav,
    bt-jobs,
    .overlays,
    .offer {
      display: none;
    }
    main {
      display: block;
      overflow: visible;
    }
  }
`
