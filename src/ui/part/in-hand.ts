/**
 * What a person has in hand on a page, and would lose with it.
 * @module
 */

/** Whether a sheet is open or a field has something in it, also in what is shown within others. */
export function hasInHand(root: ParentNode): boolean {
  return [...root.querySelectorAll('*')].some(
    (element) =>
      element.matches('dialog[open]') ||
      (isField(element) && element.value !== '') ||
      (element.shadowRoot !== null && hasInHand(element.shadowRoot)),
  )
}

const isField = (element: Element): element is HTMLInputElement | HTMLTextAreaElement =>
  element.matches('textarea, input:not([type=radio], [type=checkbox])')
