import { expect, test } from 'vitest'
import { profileOf } from './page.ts'

test.each([
  { hash: '', profile: 'main' },
  { hash: '#/trash', profile: 'main' },
  { hash: '#as=phone', profile: 'phone' },
  { hash: '#/trash&as=phone', profile: 'phone' },
  { hash: '#as=phone&x=y', profile: 'phone' },
  { hash: '#has=phone', profile: 'main' },
  { hash: '#as=Phone', profile: 'main' },
  { hash: '#as=../other', profile: 'main' },
  { hash: '#as=a:b', profile: 'main' },
  { hash: `#as=${'a'.repeat(33)}`, profile: 'main' },
])('$hash names the profile $profile', ({ hash, profile }) => expect(profileOf(hash)).toBe(profile))
