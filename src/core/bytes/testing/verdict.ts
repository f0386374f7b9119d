/**
 * What a check says, for tests: one word for a program, and whether a person is told as well.
 * @module
 */
import type { Check } from '../bytes.ts'

const sentence = /^\p{Lu}.* .*\.$/u

/** @returns the code of a refusal, `ok` where there is none; throws where a refusal has no sentence for a person */
export function verdictOf(check: Check): string {
  if (check.ok) return 'ok'
  const { code, local, remote = local } = check.fault
  for (const told of [local, remote])
    if (!sentence.test(told)) throw new Error(`"${code}" expected a sentence, got "${told}"`)
  return code
}
