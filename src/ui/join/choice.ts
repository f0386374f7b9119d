/**
 * What a newcomer is to be: the one question of the approval, which has no answer until its owner gives one (design §10).
 *
 * Pure: draws the question and, for a device that is limited, what it gets.
 * @module
 */
import { html, nothing } from 'lit'
import type { Inviting, Limits } from '../../node/api.ts'
import { type Model, isPlaced, lineage } from '../model.ts'
import { problemLine } from '../part/problem.ts'
import type { Draft, InviteCourse } from './inviting.ts'
import { daysWithin, firstTermDays } from './term.ts'
import { joinWords } from './words.ts'

const words = joinWords.invite.choice

/** A folder that can be given, and where it is. */
export interface FolderLine {
  readonly id: string
  readonly path: string
}

/** All of them, by their paths. */
export function foldersOf(model: Model): readonly FolderLine[] {
  const folders: FolderLine[] = []
  for (const { id, kind, parentId } of model.items.values()) {
    if (kind !== 'folder' || parentId === null || !isPlaced(model, id)) continue
    const names = lineage(model, id).slice(1)
    folders.push({ id, path: names.map(({ name }) => name).join(' / ') })
  }
  return folders.toSorted((one, other) => one.path.localeCompare(other.path))
}

export const choiceQuestion = (course: InviteCourse) => {
  const choice = (kind: 'own' | 'limited', text: string, help: string) =>
    html`<label class="choice">
      <input
        type="radio"
        name="kind"
        .checked=${course.kind === kind}
        ?disabled=${course.isBusy}
        @change=${() => course.chooseKind(kind)}
      />
      <span>${text}<small class="quiet">${help}</small></span>
    </label>`
  return html`<fieldset class="choices">
    <legend>${words.question}</legend>
    ${choice('own', words.own, words.ownHelp)} ${choice('limited', words.limited, words.limitedHelp)}
  </fieldset>`
}

export function limitedForm(
  course: InviteCourse,
  { deviceName, isLink }: Extract<Inviting, { stage: 'approval' }>,
  folders: readonly FolderLine[],
  nowMs: number,
) {
  const { first, last } = daysWithin(nowMs, firstTermDays)
  const { draft } = course
  const right = (value: Draft['right'], text: string) =>
    html`<label class="choice">
      <input type="radio" name="right" value=${value} .checked=${draft?.right === value} /><span>${text}</span>
    </label>`
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const data = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => String(data.get(name) ?? '')
    void course.limit(
      { folderId: text('folder'), right: isLink ? 'read' : (text('right') as Draft['right']), day: text('until') },
      Date.now(),
    )
  }
  return html`<form novalidate @submit=${submit}>
    <label
      >${words.place}<select name="folder">
        <option value="">${words.newFolder(deviceName)}</option>
        ${folders.map(({ id, path }) => html`<option value=${id} ?selected=${draft?.folderId === id}>${path}</option>`)}
      </select></label
    >
    ${
      isLink
        ? nothing
        : html`<fieldset class="choices">
            <legend>${words.rights}</legend>
            ${right('read', words.read)} ${right('write', words.write)}
          </fieldset>`
    }
    <label
      >${words.until}<input
        name="until"
        type="date"
        required
        min=${first}
        max=${last}
        .value=${draft?.day ?? last}
        aria-describedby="until-help"
    /></label>
    <p class="quiet small" id="until-help">${words.untilHelp}</p>
    ${problemLine(course.problem)}
    <div class="row">
      <button class="loud" ?disabled=${course.isBusy}>${words.goOn}</button>
      <button type="button" ?disabled=${course.isBusy} @click=${() => course.deny()}>${words.no}</button>
    </div>
  </form>`
}

/** While nothing is chosen. */
export const onlyNo = (course: InviteCourse) =>
  html`${problemLine(course.problem)}
    <div class="row">
      <button ?disabled=${course.isBusy} @click=${() => course.deny()}>${words.no}</button>
    </div>`

export const rightsOf = ({ mayWrite }: Limits): string => (mayWrite ? words.write : words.read)
