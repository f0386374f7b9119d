/**
 * What a simulated group replicates: registers that are read, written, and swapped where they hold what is expected.
 * @module
 */
import type { SequentialModel } from '../linearizability.ts'

export type RegisterInput =
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'write'; readonly key: string; readonly value: string }
  /** To `value`, where it holds `from`. */
  | { readonly kind: 'swap'; readonly key: string; readonly from: string; readonly value: string }
export type RegisterOutput =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'swapped'; readonly isSwapped: boolean }
  /** Of a write, which answers nothing; of a read that failed, which says nothing. */
  | { readonly kind: 'any' }

/** null: nothing was ever written. */
type Register = { readonly value: string | null }

/** Each key is a part of its own. */
export const registers: SequentialModel<Register, RegisterInput, RegisterOutput> = {
  initial: { value: null },
  partOf: ({ key }) => key,
  step(state, input, output) {
    switch (input.kind) {
      case 'read':
        return output?.kind === 'value' && output.value !== state.value ? null : state
      case 'write':
        return { value: input.value }
      case 'swap': {
        const isSwapped = state.value === input.from
        if (output?.kind === 'swapped' && output.isSwapped !== isSwapped) return null
        return isSwapped ? { value: input.value } : state
      }
    }
  },
  nameOf: ({ value }) => (value === null ? '' : `=${value}`),
  shown(part) {
    const seen = new Set<string>()
    const shown = new Set<(typeof part)[number]>()
    const show = (operation: (typeof part)[number]): void => {
      shown.add(operation)
      const { input, output } = operation
      if (output?.kind === 'value' && output.value !== null) seen.add(output.value)
      if (input.kind === 'swap' && (output?.kind !== 'swapped' || output.isSwapped)) seen.add(input.from)
    }
    for (const operation of part) if (operation.output !== null) show(operation)
    // What one that was seen was swapped from was there before it.
    for (let count = -1; count < shown.size;) {
      count = shown.size
      for (const operation of part)
        if (!shown.has(operation) && operation.input.kind !== 'read' && seen.has(operation.input.value)) show(operation)
    }
    return part.filter((operation) => shown.has(operation))
  },
}
