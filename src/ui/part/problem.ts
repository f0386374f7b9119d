/**
 * What went wrong, as a sentence that is read out at once, and a button to ask again where nothing else is left to press.
 * @module
 */
import { html, nothing } from 'lit'
import { words } from '../words.ts'
import { icon } from './icon.ts'

/**
 * @param problem empty: nothing did
 * @param again null: the way on stands elsewhere
 */
export function problemLine(problem: string, again: (() => void) | null = null) {
  if (problem === '') return nothing
  const line = html`<p class="problem" role="alert">${icon('warn')}<span>${problem}</span></p>`
  if (again === null) return line
  return html`${line}
    <div class="row"><button @click=${again}>${words.again}</button></div>`
}
