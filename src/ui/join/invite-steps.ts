/**
 * The steps of letting a device in, as they are drawn.
 *
 * Pure: each draws what the node says, and tells the course the answer. Names come from a device that is not let in yet, so they
 * are isolated from the sentence around them.
 * @module
 */
import { html, nothing } from 'lit'
import type { DeviceLine, Inviting } from '../../node/api.ts'
import { formatDay, formatFingerprint } from '../format.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import type { HostFactsPort } from '../ports.ts'
import { words } from '../words.ts'
import { cardForm } from './card-form.ts'
import { type FolderLine, choiceQuestion, limitedForm, onlyNo, rightsOf } from './choice.ts'
import { consequences } from './consequences.ts'
import type { InviteCourse } from './inviting.ts'
import { joinWords } from './words.ts'
import './code-view.ts'
import '../part/waiting.ts'

export interface InviteScene {
  readonly course: InviteCourse
  readonly devices: readonly DeviceLine[]
  readonly hostFacts: HostFactsPort
  readonly hash: string
  /** That can be given. */
  readonly folders: readonly FolderLine[]
}

const { invite } = joinWords

export const inviteStep = (inviting: Inviting, scene: InviteScene) =>
  html`${inviting.notice === undefined ? nothing : noticeLine(inviting.notice)}${stageStep(inviting, scene)}`

const noticeLine = (notice: string) => html`<p class="note" role="status">${icon('warn')}<span>${notice}</span></p>`

function stageStep(inviting: Inviting, scene: InviteScene) {
  switch (inviting.stage) {
    case 'code':
      return codeStep(inviting, scene)
    case 'scanned':
      return html`<h1 tabindex="-1">${invite.scanned}</h1>
        <bt-waiting .cause=${joinWords.wait.scanned}></bt-waiting>
        ${cancelRow(scene)}`
    case 'digits':
      return digitsStep(inviting, scene)
    case 'approval':
      return approvalStep(inviting, scene)
    case 'admitting':
      return html`<h1 tabindex="-1">${invite.admitting}</h1>
        <bt-waiting .cause=${joinWords.wait.admitting(inviting.deviceName)}></bt-waiting>
        <p class="quiet small">${invite.admittingHelp}</p>`
    case 'admitted':
      return admittedStep(inviting, scene)
    case 'ended':
      return html`<h1 tabindex="-1">${invite.ended}</h1>
        ${problemLine(inviting.message)}
        <div class="row">
          <button class="loud" @click=${() => scene.course.begin()}>${invite.again}</button>
          <button class="plain" @click=${() => scene.course.end()}>${invite.back}</button>
        </div>
        ${afterwards(scene)}`
  }
}

const codeStep = ({ code, expiresAtMs }: Extract<Inviting, { stage: 'code' }>, scene: InviteScene) =>
  html`<h1 tabindex="-1">${invite.code.title}</h1>
    <p>${invite.code.help}</p>
    <bt-code-view
      .code=${code}
      .expiresAtMs=${expiresAtMs}
      .hostFacts=${scene.hostFacts}
      .hash=${scene.hash}
    ></bt-code-view>
    ${afterwards(scene)} ${cancelRow(scene)}`

function digitsStep({ deviceName }: Extract<Inviting, { stage: 'digits' }>, scene: InviteScene) {
  const { course } = scene
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void course.typeDigits(textOf(event, 'digits'))
  }
  return html`<h1 tabindex="-1"><bdi>${invite.digits.title(deviceName)}</bdi></h1>
    <p>${invite.digits.help}</p>
    <form novalidate @submit=${submit}>
      <label
        >${invite.digits.label}<input
          class="digits-field"
          name="digits"
          inputmode="numeric"
          autocomplete="off"
          maxlength="8"
          dir="ltr"
          required
      /></label>
      ${problemLine(course.problem)}
      <div class="row">
        <button class="loud" ?disabled=${course.isBusy}>${invite.digits.button}</button>
        ${cancelButton(scene)}
      </div>
    </form>
    ${waiting(course)}`
}

type Approval = Extract<Inviting, { stage: 'approval' }>

function approvalStep(approval: Approval, scene: InviteScene) {
  const { course, folders } = scene
  const { deviceName, isLink } = approval
  const words = invite.approval
  // Of a link there is nothing else to choose.
  const kind = isLink ? 'limited' : course.kind
  return html`<h1 tabindex="-1"><bdi>${isLink ? words.titleLink(deviceName) : words.title(deviceName)}</bdi></h1>
    <p>${isLink ? words.helpLink : words.help}</p>
    ${isLink ? nothing : choiceQuestion(course)} ${kind === null ? onlyNo(course) : nothing}
    ${kind === 'limited' && course.isEditing ? limitedForm(course, approval, folders, Date.now()) : nothing}
    ${isAgreed(approval, course) ? agreedTerms(approval, course) : nothing} ${waiting(course)}
    ${course.isAtPrompt ? cancelRow(scene) : nothing}`
}

/** Whether what the node asks the root for is what was chosen here. */
const isAgreed = ({ limited, isLink }: Approval, { kind, isEditing }: InviteCourse): boolean =>
  kind === 'own' ? limited === null : (isLink || kind === 'limited') && limited !== null && !isEditing

/** All that is granted, as the root signs it. */
function agreedTerms(approval: Approval, course: InviteCourse) {
  const { deviceName, principal, expiresAtMs, limited, readable } = approval
  const line = (term: string, text: string, kind = '') =>
    html`<div>
      <dt>${term}</dt>
      <dd class=${kind}><bdi>${text}</bdi></dd>
    </div>`
  const words = invite.approval
  const place =
    limited === null
      ? words.placeWhole
      : limited.isNewFolder
        ? invite.choice.newFolder(limited.folderName)
        : limited.folderName
  return html`<section class="card">
      <dl>
        ${line(words.device, deviceName)} ${line(words.place, place)}
        ${line(words.rights, limited === null ? words.rightsWhole : rightsOf(limited))}
        ${line(words.contents, words.contentsOf(readable))} ${line(words.term, formatDay(expiresAtMs), 'number')}
        ${line(words.fingerprint, formatFingerprint(principal), 'mono')}
      </dl>
    </section>
    ${limited === null ? nothing : consequences(invite.choice.lines, ['readers', 'download', 'key'])}
    ${
      limited === null
        ? nothing
        : html`<div class="row">
            <button class="plain" ?disabled=${course.isBusy} @click=${() => course.edit()}>
              ${invite.choice.change}
            </button>
          </div>`
    }
    ${approval.challenge === null || course.isByCard ? cardAnswer(course, approval) : passkeyAnswer(course, approval)}`
}

const yesTo = ({ limited }: Approval): string => (limited === null ? invite.approval.own : invite.choice.yes)

const passkeyAnswer = (course: InviteCourse, approval: Approval) =>
  html`<p class="quiet small">${invite.approval.signs}</p>
    ${problemLine(course.problem)}
    <div class="row">
      <button class="loud" ?disabled=${course.isBusy} @click=${() => course.approveByPasskey(approval)}>
        ${icon('key')}${yesTo(approval)}
      </button>
      <button class="plain" ?disabled=${course.isBusy} @click=${() => course.useCard()}>${joinWords.useCard}</button>
      <button ?disabled=${course.isBusy} @click=${() => course.deny()}>${invite.approval.no}</button>
    </div>`

const cardAnswer = (course: InviteCourse, approval: Approval) =>
  cardForm({
    help: approval.challenge ? joinWords.cardSigns : invite.approval.cardSigns,
    problem: course.problem,
    buttons: html`<button class="loud" ?disabled=${course.isBusy}>${yesTo(approval)}</button>
      <button type="button" ?disabled=${course.isBusy} @click=${() => course.deny()}>${invite.approval.no}</button>`,
    send: (typed) => void course.approveByCard(typed),
  })

const admittedStep = ({ deviceName, isLimited }: Extract<Inviting, { stage: 'admitted' }>, scene: InviteScene) =>
  html`<h1 tabindex="-1">
      <bdi>${isLimited ? invite.admitted.limitedTitle(deviceName) : invite.admitted.title(deviceName)}</bdi>
    </h1>
    <p>${isLimited ? invite.admitted.limitedHelp : invite.admitted.help}</p>
    <ul class="why" role="list">
      ${scene.devices
        .filter(({ limited }) => limited === null)
        .map(({ name }) => html`<li>${icon('devices')}<bdi>${name || words.added.unnamed}</bdi></li>`)}
    </ul>
    ${afterwards(scene)}
    <div class="row">
      <button class="loud" @click=${() => scene.course.end()}>${invite.admitted.done}</button>
      <button class="plain" @click=${() => scene.course.begin()}>${invite.admitted.more}</button>
    </div>`

const waiting = ({ waitingFor }: InviteCourse) =>
  waitingFor ? html`<bt-waiting .cause=${waitingFor}></bt-waiting>` : nothing
/** What stands below a step without a form. */
const afterwards = ({ course }: InviteScene) => html`${problemLine(course.problem)} ${waiting(course)}`
const cancelButton = ({ course }: InviteScene) =>
  html`<button type="button" @click=${() => course.end()}>${invite.cancel}</button>`
const cancelRow = (scene: InviteScene) => html`<div class="row">${cancelButton(scene)}</div>`

const textOf = (event: SubmitEvent, name: string): string =>
  String(new FormData(event.target as HTMLFormElement).get(name) ?? '')
