/**
 * How the pretend phone looks: drawn as one where there is room beside the page, a strip below it where the page is a phone itself.
 * @module
 */
import { css } from 'lit'

export const pretendStyle = css`
  :host {
    display: grid;
    grid-template-rows: minmax(0, 1fr);
    /* Of what is asked when the phone is put away, which lies over the page. */
    grid-auto-rows: 0;
    min-block-size: 0;
    background: var(--surface);
    border-block-start: 1px solid var(--line);
  }
  :host([beside]) {
    border-block-start: 0;
    border-inline-start: 1px solid var(--line);
  }
  aside {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto minmax(0, 1fr);
    min-block-size: 0;
  }
  .head {
    display: flex;
    align-items: center;
    gap: var(--space-1);
    padding-inline: var(--space-4) var(--space-2);
  }
  h2 {
    flex: 1;
  }
  :host([beside]) .head {
    padding: var(--space-3) var(--space-3) 0 var(--space-5);
  }
  .guide {
    display: grid;
    gap: var(--space-2);
    padding: 0 var(--space-4) var(--space-2);
    font-size: var(--text-2);
    line-height: 1.4;
  }
  :host([beside]) .guide {
    gap: var(--space-3);
    padding: var(--space-1) var(--space-5) var(--space-3);
    /* The phone does not jump with every sentence. */
    min-block-size: 8.5rem;
    align-content: start;
  }
  .phone {
    min-block-size: 0;
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    justify-items: center;
  }
  :host([beside]) .phone {
    padding: 0 var(--space-5) var(--space-5);
  }

  .screen {
    display: grid;
    inline-size: 100%;
    max-inline-size: 26rem;
    min-block-size: 0;
    border-block-start: 1px solid var(--line);
    overflow: hidden;
    background: var(--ground);
  }
  :host([beside]) .screen {
    max-block-size: 50rem;
    border: 0.6rem solid var(--ink);
    border-radius: 2.4rem;
    box-shadow: var(--shadow);
  }
  :host([beside]) .pulled .screen {
    border-color: var(--warn);
  }
  iframe {
    inline-size: 100%;
    block-size: 100%;
    border: 0;
  }

  .cord {
    inline-size: 100%;
    max-inline-size: 26rem;
    padding-inline: var(--space-4);
    border-radius: var(--radius-1);
    background: none;
    color: var(--ink);
    font-size: var(--text-1);
  }
  .cord:hover {
    background: none;
  }
  .cord .end {
    inline-size: 0.625rem;
    block-size: 0.625rem;
    border-radius: 50%;
    background: var(--accent-bright);
  }
  .cord .line {
    flex: 1;
    block-size: 0.1875rem;
    margin-inline: calc(-1 * var(--space-2));
    background: var(--accent-bright);
    transition: transform var(--settle);
  }
  .cord .pull {
    padding: var(--space-1) var(--space-3);
    border-radius: var(--radius-round);
    background: var(--accent-quiet);
    color: var(--on-accent-quiet);
    white-space: nowrap;
  }
  .pulled .cord .line {
    background: var(--line-strong);
    transform: scaleX(0.5);
    transform-origin: left;
  }
  .pulled .cord .pull ~ .line {
    transform-origin: right;
  }
  .pulled .cord .end {
    background: var(--line-strong);
  }
  .pulled .cord .pull {
    background: var(--warn-quiet);
    color: var(--ink);
  }
  .away {
    display: grid;
    gap: var(--space-4);
  }
  @media print {
    :host {
      display: none;
    }
  }
`
