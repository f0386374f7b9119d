/**
 * What went wrong, as a sentence that is read out at once.
 * @module
 */
import { html, nothing } from 'lit'
import { icon } from './icon.ts'

/** @param problem empty: nothing did */
export const problemLine = (problem: string) =>
  problem ? html`<p class="problem" role="alert">${icon('warn')}<span>${problem}</span></p>` : nothing
