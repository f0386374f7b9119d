/**
 * The steps of joining a tree, as they are drawn.
 *
 * Pure: each draws where the course stands, and tells it the answer. What a stranger says of himself is isolated from the sentence
 * around it.
 * @module
 */
import { html, nothing } from 'lit'
import type { Joining, TreeStatus } from '../../node/api.ts'
import { formatFingerprint } from '../format.ts'
import { suggestDeviceName } from '../page/device-name.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import type { ScannerPort } from '../ports.ts'
import { besideHash, farHash, hashOf } from '../route.ts'
import type { JoinCourse, JoinStep } from './joining.ts'
import type { InvitationReadEvent } from './scan-view.ts'
import type { Surroundings } from './surroundings.ts'
import { joinWords } from './words.ts'
import './scan-view.ts'
import '../part/waiting.ts'

export interface JoinScene {
  readonly course: JoinCourse
  readonly scanner: () => Promise<ScannerPort>
  readonly surroundings: Surroundings
  /** Of the planted tree that is here; empty where there is none. */
  readonly ownerName: string
  /** What was here before. */
  readonly aside: TreeStatus['aside']
  /** What this device may, where it is a guest. */
  readonly limited: TreeStatus['limited']
  readonly hash: string
  /** Copies the link of the invitation, for another browser. */
  readonly copyLink: () => void
  /** What became of that. */
  readonly copied: string
}

const { join } = joinWords

export function joinStep(step: JoinStep, scene: JoinScene) {
  const { course } = scene
  switch (step.stage) {
    case 'planted':
      return plantedStep(scene)
    case 'surroundings':
      return surroundingsStep(scene)
    case 'ways':
      return html`<h1 tabindex="-1">${join.ways.title}</h1>
        <p>${join.ways.help}</p>
        <bt-scan-view
          .scanner=${scene.scanner}
          @bt-invitation-read=${({ code }: InvitationReadEvent) => course.read(code)}
        ></bt-scan-view>`
    case 'name':
      return nameStep(course)
    case 'connecting':
      return html`<h1 tabindex="-1">${join.connecting}</h1>
        ${going(joinWords.wait.connecting, course)} ${cancelRow(course)}`
    case 'confirm':
      return confirmStep(step, course)
    case 'digits':
      return digitsStep(step, course)
    case 'fetching':
      return html`<h1 tabindex="-1">${join.fetching.title}</h1>
        ${going(joinWords.wait.fetching(step.ownerName), course)}
        <p class="quiet small">${join.fetching.help}</p>
        <div class="row">
          <button ?disabled=${course.isBusy} @click=${() => course.end()}>${join.fetching.stop}</button>
        </div>`
    case 'joined':
      return html`<h1 tabindex="-1">${join.joined.title}</h1>
        <p>
          <bdi
            >${
              scene.limited === null
                ? join.joined.help(step.ownerName)
                : join.joined.limitedHelp(step.ownerName, scene.limited.folderName)
            }</bdi
          >
        </p>
        ${alongStep(scene)}
        <div class="row">
          <a class="button loud" href=${hashOf('/', scene.hash)} @click=${() => course.end()}>${join.joined.button}</a>
        </div>`
    case 'kept':
      return html`<h1 tabindex="-1">${join.kept.title}</h1>
        <p><bdi>${join.kept.help(step.ownerName, step.name)}</bdi></p>
        <div class="row">
          <a class="button loud" href=${farHash(step.linkId, scene.hash)} @click=${() => course.end()}
            >${join.kept.open}</a
          >
          <a class="button" href=${hashOf('/', scene.hash)} @click=${() => course.end()}>${join.planted.back}</a>
        </div>`
    case 'ended':
      return html`<h1 tabindex="-1">${scene.ownerName === '' ? join.ended : join.kept.ended}</h1>
        ${problemLine(step.message)}
        <div class="row">
          <button class="loud" ?disabled=${course.isBusy} @click=${() => course.end()}>${join.again}</button>
          ${
            step.code === 'joinUndone'
              ? html`<a class="button" href=${besideHash(scene.hash, null)} target="_blank" rel="noopener">
                  ${icon('open')}${join.planted.beside}
                </a>`
              : nothing
          }
        </div>
        ${problemLine(course.problem)}`
  }
}

function alongStep({ aside, limited, course }: JoinScene) {
  const words = joinWords.aside
  if (course.isComingAlong !== null)
    return html`<p role="status">${course.isComingAlong ? words.moving : words.left}</p>`
  if (aside === null || limited?.mayWrite === false) return nothing
  return html`<section class="asked">
    <h2>${words.ask(aside.fileCount)}</h2>
    <p>${words.help}</p>
    ${problemLine(course.problem)}
    <div class="row">
      <button class="loud" @click=${() => course.bringAlong(true)}>${words.yes}</button>
      <button @click=${() => course.bringAlong(false)}>${words.no}</button>
    </div>
  </section>`
}

function plantedStep({ ownerName, hash, course, scanner }: JoinScene) {
  const { code } = course
  return html`<h1 tabindex="-1">${code === null ? join.planted.title : join.planted.titleRead}</h1>
    <p><bdi>${join.planted.help(ownerName)}</bdi></p>
    ${
      code === null
        ? html`<bt-scan-view
            .scanner=${scanner}
            @bt-invitation-read=${(event: InvitationReadEvent) => course.read(event.code)}
          ></bt-scan-view>`
        : html`<div class="row">
            <button
              class="loud"
              ?disabled=${course.isBusy}
              @click=${() => course.start(join.planted.treeOf(ownerName))}
            >
              ${icon('link')}${join.planted.keep}
            </button>
          </div>`
    }
    ${problemLine(course.problem)}
    <p><bdi>${join.planted.besideHelp(ownerName)}</bdi></p>
    <div class="row">
      <a class="button" href=${besideHash(hash, course.code)} target="_blank" rel="noopener">
        ${icon('open')}${join.planted.beside}
      </a>
      <a class="button" href=${hashOf('/', hash)}>${join.planted.back}</a>
    </div>`
}

function surroundingsStep({ surroundings, course, copyLink, copied }: JoinScene) {
  const steps = (lines: readonly string[]) =>
    html`<ol class="steps">
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ol>`
  if (surroundings.kind !== 'inApp')
    return html`<h1 tabindex="-1">${join.homeScreen.title}</h1>
      <p>${join.homeScreen.help}</p>
      ${steps(join.homeScreen.steps)}
      <div class="row">
        <button @click=${() => course.insist()}>${join.homeScreen.anyway}</button>
      </div>`
  return html`<h1 tabindex="-1">${join.inApp.title}</h1>
    <p>${join.inApp.help(surroundings.app)}</p>
    ${steps(join.inApp.steps)}
    <div class="row">
      ${
        course.code === null
          ? nothing
          : html`<button class="loud" @click=${copyLink}>${icon('copy')}${join.inApp.copy}</button>`
      }
      <button @click=${() => course.insist()}>${join.inApp.anyway}</button>
    </div>
    <p class="quiet small" role="status">${copied}</p>`
}

function nameStep(course: JoinCourse) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const name = new FormData(event.target as HTMLFormElement).get('device')
    void course.start(String(name ?? '').trim())
  }
  return html`<h1 tabindex="-1">${join.name.title}</h1>
    <p>${join.name.help}</p>
    <form novalidate @submit=${submit}>
      <label
        >${join.name.device}<input
          name="device"
          dir="auto"
          autocomplete="off"
          maxlength="60"
          required
          .value=${window.parent === window ? suggestDeviceName(navigator) : join.name.pretend}
          aria-describedby="device-help"
      /></label>
      <p class="quiet small" id="device-help">${join.name.deviceHelp}</p>
      ${problemLine(course.problem)}
      <div class="row">
        <button class="loud" ?disabled=${course.isBusy}>${join.name.button}</button>
        <button class="plain" type="button" @click=${() => course.read(null)}>${join.name.other}</button>
      </div>
    </form>
    ${course.isBusy ? html`<bt-waiting .cause=${joinWords.wait.connecting}></bt-waiting>` : nothing}`
}

function confirmStep(
  { ownerName, deviceName, treeId, isLink }: Extract<Joining, { stage: 'confirm' }>,
  course: JoinCourse,
) {
  const asked = isLink ? join.confirmLink : join.confirm
  const line = (term: string, text: string, kind = '') =>
    html`<div>
      <dt>${term}</dt>
      <dd class=${kind}><bdi>${text}</bdi></dd>
    </div>`
  return html`<h1 tabindex="-1">${asked.title}</h1>
    <section class="card">
      <dl>
        ${line(join.confirm.owner, ownerName, 'name')} ${line(join.confirm.shownBy, deviceName)}
        ${line(join.confirm.treeId, formatFingerprint(treeId), 'mono')}
      </dl>
    </section>
    <p>${asked.help}</p>
    ${problemLine(course.problem)}
    <div class="row">
      <button class="loud" ?disabled=${course.isBusy} @click=${() => course.confirm()}>${asked.yes}</button>
      <button @click=${() => course.end()}>${join.confirm.no}</button>
    </div>`
}

const typeThese = (inviterName: string): string =>
  inviterName === '' ? join.digits.title : join.digits.titleFor(inviterName)

const digitsStep = ({ digits, asked }: Extract<Joining, { stage: 'digits' }>, course: JoinCourse) =>
  html`<h1 tabindex="-1">
      <bdi>${asked === null ? typeThese(course.inviterName) : join.digits.titleAsked}</bdi>
    </h1>
    <p class="digits" role="img" aria-label=${join.digits.label(digits)} translate="no">
      ${[...digits].map((digit) => html`<span>${digit}</span>`)}
    </p>
    <p role="status">${asked === null ? join.digits.help : join.digits.asked[asked]}</p>
    ${problemLine(course.problem)} ${cancelRow(course)}`

const going = (cause: string, { problem }: JoinCourse) =>
  html`<bt-waiting .cause=${cause}></bt-waiting> ${problemLine(problem)}`
const cancelRow = (course: JoinCourse) =>
  html`<div class="row"><button @click=${() => course.end()}>${join.cancel}</button></div>`
