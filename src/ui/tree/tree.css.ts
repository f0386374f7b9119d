/**
 * How the picture looks.
 * @module
 */
import { css } from 'lit'

export const treeStyle = css`
  :host {
    position: relative;
    min-block-size: 14rem;
    overflow: hidden;
  }
  svg {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    touch-action: manipulation;
    user-select: none;
    -webkit-user-select: none;
  }
  .cell {
    cursor: pointer;
    transform-box: fill-box;
    transform-origin: 50% 100%;
    outline: none;
    -webkit-tap-highlight-color: transparent;
  }
  .box,
  .glow {
    rx: 0.55rem;
  }
  .box {
    fill: var(--cell-3);
    transition: fill var(--fast);
  }
  .row-1 .box {
    fill: var(--cell-1);
  }
  .row-2 .box {
    fill: var(--cell-2);
  }
  .cell.file .box,
  .cell.link .box {
    fill: var(--cell-file);
    stroke: var(--cell-line);
  }
  .cell.link .box {
    stroke: var(--ink-quiet);
    stroke-dasharray: 5 4;
  }
  /* Seen through, but not to be missed by a finger. */
  .cell.fold .box {
    fill: transparent;
  }
  .twig {
    fill: var(--cell-2);
    transition: fill var(--fast);
  }
  .twig.folder {
    fill: var(--cell-1);
  }
  .fold .name {
    paint-order: stroke;
    stroke: var(--ground);
    stroke-width: 0.3rem;
    stroke-linejoin: round;
  }
  .cell.ground .box {
    fill: var(--root-fill);
  }
  .ground .box,
  .ground .glow {
    rx: 1.1rem;
  }
  .glow {
    fill: var(--fresh);
    opacity: 0;
    pointer-events: none;
  }
  .name {
    fill: var(--on-cell);
    font-size: 0.8125rem;
    font-weight: 570;
    unicode-bidi: plaintext;
  }
  .cell.file .name,
  .cell.link .name,
  .cell.fold .name {
    fill: var(--ink);
  }
  .ground-name {
    fill: var(--on-root);
    font-size: 1.0625rem;
    font-weight: 650;
    letter-spacing: -0.01em;
    unicode-bidi: plaintext;
  }
  .count {
    fill: var(--on-cell);
    font-size: 0.75rem;
    opacity: 0.85;
  }
  .ground .count {
    fill: var(--on-root);
    font-size: 0.8125rem;
    opacity: 0.9;
  }
  .node {
    fill: var(--node);
  }
  @media (hover: hover) {
    .cell:not(.ground, .fold):hover .box,
    .fold:hover .twig {
      fill: color-mix(in oklch, var(--cell-2), var(--fresh) 35%);
    }
  }
  .cell:focus-visible .box {
    stroke: var(--focus);
    stroke-width: 3px;
  }
  .cell.ground:focus-visible .box {
    stroke: var(--fresh);
  }
  .cell.target .box {
    fill: var(--fresh);
  }
  .sprout .stem {
    fill: none;
    stroke: var(--accent-bright);
    stroke-width: 0.3rem;
    stroke-linecap: round;
    stroke-dasharray: 1;
    animation: draw calc(var(--grow) * 1.6) var(--grow) ease-out backwards;
  }
  .sprout .leaf {
    fill: var(--accent-bright);
    transform-box: fill-box;
    animation: open calc(var(--grow) * 1.4) calc(var(--grow) * 2) cubic-bezier(0.3, 1.5, 0.5, 1) backwards;
  }
  .sprout .left {
    transform-origin: 100% 80%;
  }
  .sprout .right {
    transform-origin: 0% 85%;
    animation-delay: calc(var(--grow) * 2.4);
  }
  @keyframes draw {
    from {
      stroke-dashoffset: 1;
    }
    to {
      stroke-dashoffset: 0;
    }
  }
  @keyframes open {
    from {
      transform: scale(0);
    }
  }
`
