/**
 * What a deed does and can not do, line by line, before it is asked whether it shall be done.
 * @module
 */
import { css, html } from 'lit'
import { type IconName, icon } from '../part/icon.ts'

/** Names from other devices may be in the lines, so each is isolated from what stands around it. */
export const consequences = (lines: readonly string[], icons: readonly IconName[]) =>
  html`<ul class="consequences" role="list">
    ${lines.map(
      (text, position) =>
        html`<li>
          ${icon(icons[position] ?? 'warn')}<span><bdi>${text}</bdi></span>
        </li>`,
    )}
  </ul>`

export const consequencesStyle = css`
  .consequences {
    display: grid;
    gap: var(--space-3);
    margin-block-end: var(--space-4);
  }
  .consequences li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--space-3);
    overflow-wrap: anywhere;
  }
  .consequences .icon {
    margin-block-start: 0.2em;
    color: var(--ink-quiet);
  }
`
