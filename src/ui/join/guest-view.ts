/**
 * The page of devices on a guest: whose tree it is in, what it may there and until when, and how to leave.
 * @module
 */
import { html, nothing } from 'lit'
import type { TreeStatus } from '../../node/api.ts'
import { formatDay } from '../format.ts'
import { rightsOf } from './choice.ts'
import { joinWords } from './words.ts'

const { limited: words, remove } = joinWords

/** @param leave where it is known that there is a device to leave with */
export function guestView({ ownerName, limited, decider }: TreeStatus, nowMs: number, leave: (() => void) | null) {
  if (limited === null) return nothing
  const line = (term: string, text: string, kind = '') =>
    html`<div>
      <dt>${term}</dt>
      <dd class=${kind}><bdi>${text}</bdi></dd>
    </div>`
  const isOver = nowMs >= limited.expiresAtMs
  return html`<section class="card" aria-labelledby="guest">
      <h2 id="guest"><bdi>${words.title(ownerName)}</bdi></h2>
      <p>${words.help}</p>
      <dl>
        ${line(words.folder, limited.folderName)} ${line(words.rights, rightsOf(limited))}
        ${line(words.until, formatDay(limited.expiresAtMs), 'number')}
      </dl>
    </section>
    <p class="quiet" role="status">
      ${
        limited.folder !== 'there'
          ? words[limited.folder]
          : isOver
            ? words.over
            : decider.quorum === 'away'
              ? words.away
              : words.here
      }
    </p>
    ${leave ? html`<div class="row"><button class="plain" @click=${leave}>${remove.leaveOpen}</button></div>` : nothing}`
}
