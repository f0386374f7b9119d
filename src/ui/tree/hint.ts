/**
 * What a folder says while there is next to nothing in it.
 * @module
 */
import { css, html, nothing } from 'lit'
import { type Model, childrenOf, mayChange } from '../model.ts'
import { words } from '../words.ts'

/** Nothing where the folder has more than a first leaf. */
export function hintOf(model: Model, groundId: string) {
  const count = childrenOf(model, groundId).length
  const isRoot = groundId === model.tree?.rootId
  if (count > 1 || (count === 1 && !isRoot)) return nothing
  const heading = count === 1 ? words.tree.beginning : isRoot ? words.tree.emptyRoot : words.tree.emptyFolder
  return html`<div class="hint">
    <h2>${heading}</h2>
    ${count === 1 ? html`<p>${words.tree.beginningHelp}</p>` : nothing}
    ${mayChange(model) ? html`<p class="quiet">${words.tree.addHelp(matchMedia('(hover: hover)').matches)}</p>` : nothing}
  </div>`
}

export const hintStyle = css`
  .hint {
    display: grid;
    gap: var(--space-2);
    justify-self: center;
    max-inline-size: 22rem;
    padding: var(--space-6) var(--space-4);
    text-align: center;
    text-wrap: balance;
  }
`
