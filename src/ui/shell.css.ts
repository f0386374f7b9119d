/**
 * How the frame is laid out: a bar below on a narrow page, a rail beside on a wide one.
 *
 * Messages and work in progress have a place of their own in it, so that they never lie over what a finger wants next.
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
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr) auto auto auto;
    grid-template-areas: 'header' 'main' 'notices' 'jobs' 'nav';
  }
  .with-rail {
    grid-template-columns: 15rem minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr) auto auto;
    grid-template-areas: 'header main' 'nav main' 'notices main' 'jobs main';
  }
  /* Two screens do not fit on one: one scrolls from the page to the phone. */
  .with-bar.over-phone {
    overflow: auto;
    grid-template-rows: auto minmax(34rem, 1fr) 42rem auto auto auto;
    grid-template-areas: 'header' 'main' 'phone' 'notices' 'jobs' 'nav';
  }
  .over-phone bt-nav {
    position: sticky;
    inset-block-end: 0;
    z-index: 1;
  }
  .with-bar.with-phone {
    grid-template-columns: minmax(0, 1fr) 26rem;
    grid-template-areas: 'header phone' 'main phone' 'notices phone' 'jobs phone' 'nav phone';
  }
  .with-rail.with-phone {
    grid-template-columns: 15rem minmax(0, 1fr) 26rem;
    grid-template-areas: 'header main phone' 'nav main phone' 'notices main phone' 'jobs main phone';
  }
  bt-pretend-phone {
    grid-area: phone;
  }
  bt-header {
    grid-area: header;
  }
  bt-nav {
    grid-area: nav;
  }
  main {
    grid-area: main;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto minmax(min-content, 1fr);
    min-block-size: 0;
    overflow: auto;
    overscroll-behavior: contain;
    outline: none;
  }
  main > :not(bt-offer) {
    grid-row: 2;
  }
  bt-jobs,
  .notices {
    min-inline-size: 0;
    max-block-size: 40dvh;
    overflow: auto;
    padding-inline: var(--space-3);
  }
  bt-jobs {
    grid-area: jobs;
  }
  .with-rail bt-jobs {
    max-block-size: 60dvh;
  }
  .notices {
    grid-area: notices;
  }
  /* Seen by whoever comes to it by keyboard. A link would change the address, which names the view. */
  .skip:focus-visible {
    position: absolute;
    inset-block-start: var(--space-2);
    inset-inline-start: var(--space-2);
    z-index: 3;
    box-shadow: var(--shadow);
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
    bt-header,
    bt-nav,
    bt-pretend-phone,
    bt-jobs,
    .notices {
      display: none;
    }
    main {
      display: block;
      overflow: visible;
    }
  }
`
