/**
 * The field for the twelve words of the recovery card, where they sign in place of a passkey.
 * @module
 */
import { type TemplateResult, html } from 'lit'
import { problemLine } from '../part/problem.ts'
import { words } from '../words.ts'
import { joinWords } from './words.ts'

export interface CardFormOptions {
  readonly help: string
  readonly problem: string
  readonly buttons: TemplateResult
  /** @param typed in whatever spacing and case */
  send(typed: string): void
}

export const cardForm = ({ help, problem, buttons, send }: CardFormOptions) =>
  html`<form
    novalidate
    @submit=${(event: SubmitEvent) => {
      event.preventDefault()
      send(String(new FormData(event.target as HTMLFormElement).get('card') ?? ''))
    }}
  >
    <p>${help}</p>
    <label>
      ${joinWords.invite.approval.card}
      <textarea
        name="card"
        rows="3"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        aria-describedby="card-help"
      ></textarea>
    </label>
    <p class="quiet small" id="card-help">${words.recover.cardHelp}</p>
    ${problemLine(problem)}
    <div class="row">${buttons}</div>
  </form>`
