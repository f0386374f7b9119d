/**
 * Whether this browser is one in which a tree should live: what it says of itself.
 *
 * Pure.
 * @module
 */

/**
 * `inApp`: the window of another app, which forgets what it keeps. `homeScreen`: a browser of iOS outside the home screen, where
 * the same site is another one, and is cleared after seven days without a visit.
 */
export type Surroundings = { readonly kind: 'fine' | 'homeScreen' } | { readonly kind: 'inApp'; readonly app: string }

export interface BrowserMarks {
  readonly userAgent: string
  readonly maxTouchPoints: number
  /** Opened from the home screen, as an app. */
  readonly isStandalone: boolean
}

export function surroundingsOf({ userAgent, maxTouchPoints, isStandalone }: BrowserMarks): Surroundings {
  // Also on the home screen of iOS a page has no `Safari` in its name, so it is asked first.
  if (isStandalone) return { kind: 'fine' }
  const app = appsByMark.find(([mark]) => mark.test(userAgent))
  if (app) return { kind: 'inApp', app: app[1] }
  // An iPad calls itself a Mac, which has no touch screen.
  const isIos = /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1)
  if (isIos && !userAgent.includes('Safari/')) return { kind: 'inApp', app: '' }
  return { kind: isIos ? 'homeScreen' : 'fine' }
}

/** What apps write into the name of their window; an empty name: some app. */
const appsByMark: readonly (readonly [mark: RegExp, app: string])[] = [
  [/Instagram/, 'Instagram'],
  [/\bFBAN\/Messenger|MessengerForiOS|Orca-Android/, 'Messenger'],
  [/\bFB(AN|AV|_IAB)\b/, 'Facebook'],
  [/musical_ly|BytedanceWebview|TikTok/i, 'TikTok'],
  [/Snapchat/, 'Snapchat'],
  [/LinkedInApp/, 'LinkedIn'],
  [/Twitter(Android| for )/, 'X'],
  [/\bLine\//, 'LINE'],
  [/MicroMessenger/, 'WeChat'],
  [/KAKAOTALK/, 'KakaoTalk'],
  [/\[?Pinterest\//, 'Pinterest'],
  [/\bGSA\//, 'Google'],
  // The window that Android lends to apps.
  [/; wv\)/, ''],
]
