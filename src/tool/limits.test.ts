/**
 * What the page says of limits is what the node and the core do. The page carries nothing of either, and its sentences are written
 * out to be read, so the numbers stand there once more; here, where all may be imported, they are held together.
 */
import { expect, test } from 'vitest'
import { deviceLifeMsMax, objectionMs, probationLifeMs } from '../core/tree/tree.ts'
import { ownWritecapLifeMs } from '../node/founding.ts'
import { probationBytesMax } from '../node/guest/probation.ts'
import { trashLifeMs } from '../node/trash.ts'
import { firstTermDays, termDaysMax } from '../ui/join/term.ts'
import { joinWords } from '../ui/join/words.ts'
import * as page from '../ui/model.ts'
import { words } from '../ui/words.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
const { audit, card, extend, invite, passkeys } = joinWords

test('the page counts as the node does', () => {
  expect(firstTermDays * dayMs).toBe(probationLifeMs)
  expect(termDaysMax * dayMs).toBe(deviceLifeMsMax)
  expect(ownWritecapLifeMs).toBe(deviceLifeMsMax)
  expect(page.trashLifeMs).toBe(trashLifeMs)
})

/** Small numbers are written out in a sentence. */
const written = (count: number): string => (count === 7 ? 'seven' : String(count))

test.each([
  {
    limit: `${written(probationLifeMs / dayMs)} days`,
    sentences: [invite.choice.untilHelp, invite.choice.dayWrong],
  },
  {
    limit: `${written(deviceLifeMsMax / dayMs)} days`,
    sentences: [extend.help('', ''), extend.dayWrong],
  },
  {
    limit: `${objectionMs / hourMs} hours`,
    sentences: [audit.signedBy.passkey, passkeys.add.signs, passkeys.add.doneWaiting, card.lines.join(' ')],
  },
  { limit: `${trashLifeMs / dayMs} days`, sentences: [words.trash.help] },
  { limit: `${probationBytesMax / 1024 ** 2} MiB`, sentences: [invite.choice.lines.join(' ')] },
])('$limit is what is said', ({ limit, sentences }) => {
  for (const sentence of sentences) expect(sentence.toLowerCase()).toContain(limit.toLowerCase())
})
