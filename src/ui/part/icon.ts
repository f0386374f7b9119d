/**
 * The page's small drawings, as lines on a field of 24 by 24. Decoration: words beside them say what is meant.
 * @module
 */
import { html } from 'lit'

const paths = {
  tree: 'M4 15.5h16V21H4zM4 9.5h6.5v6H4zM10.5 9.5H20v6h-9.5zM10.5 3.5h5v6h-5z',
  list: 'M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.01M4 12h.01M4 18h.01',
  trash: 'M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l.8 13h9.4l.8-13M10 10.5v5.5M14 10.5v5.5',
  storage:
    'M4 6c0-1.4 3.6-2.5 8-2.5S20 4.6 20 6v12c0 1.4-3.6 2.5-8 2.5S4 19.4 4 18zM4 6c0 1.4 3.6 2.5 8 2.5S20 7.4 20 6M4 12c0 1.4 3.6 2.5 8 2.5s8-1.1 8-2.5',
  add: 'M12 5v14M5 12h14',
  folder: 'M3.5 7c0-.8.7-1.5 1.5-1.5h4.5l2 2.5H19c.8 0 1.5.7 1.5 1.5V17c0 .8-.7 1.5-1.5 1.5H5c-.8 0-1.5-.7-1.5-1.5z',
  file: 'M6.5 3.5h7l4.5 4.5v12.5H6.5zM13.5 3.5V8H18',
  files: 'M8.5 3.5h6l4 4v9.5H8.5zM5.5 7.5v13h10',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20.5 20.5',
  more: 'M4.5 12h1M11.5 12h1M18.5 12h1M5 11.5v1M12 11.5v1M19 11.5v1',
  open: 'M13 4.5h6.5V11M19.5 4.5 11 13M10 5.5H5v13.5h13.5v-5',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M4.5 19.5h15',
  rename: 'M4.5 19.5l.8-4L16 4.8l3.2 3.2L8.5 18.7z',
  move: 'M3.5 7c0-.8.7-1.5 1.5-1.5h4.5l2 2.5H19c.8 0 1.5.7 1.5 1.5V17c0 .8-.7 1.5-1.5 1.5H5c-.8 0-1.5-.7-1.5-1.5zM9 13.3h6M12.7 11l2.3 2.3-2.3 2.3',
  close: 'M6 6l12 12M18 6 6 18',
  undo: 'M8.5 5 4.5 9l4 4M4.5 9h9.5a5.5 5.5 0 0 1 0 11H9',
  check: 'M5 12.5 10 17.5 19.5 7',
  warn: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2h.01',
  key: 'M8 15.5a4 4 0 1 1 3.5-5.9H21v3.4h-2.5v2.5h-3v-2.5h-4A4 4 0 0 1 8 15.5zM7.5 11.5h.01',
  readers:
    'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z',
  chevron: 'M9.5 6l6 6-6 6',
  devices: 'M3.5 5h11.5v8.5H3.5zM2 17h8M14 10.5h7v10h-7zM17 18h1',
  camera: 'M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 16.7a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z',
  photo: 'M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9h.01',
  print: 'M7 8.5v-5h10v5M7 17H4V8.5h16V17h-3M7 14h10v6.5H7z',
  copy: 'M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4',
  link: 'M10 13.5a3.8 3.8 0 0 0 5.4.3l3-3a3.8 3.8 0 0 0-5.4-5.4l-1.6 1.6M14 10.5a3.8 3.8 0 0 0-5.4-.3l-3 3a3.8 3.8 0 0 0 5.4 5.4l1.6-1.6',
  restore: 'M4.5 12a7.5 7.5 0 1 0 2.2-5.3L4.5 9M4.5 4.5V9H9',
  sprout: 'M12 20.5V12M12 13.5c0-4 2.5-6.5 8-6.5 0 4.5-3 6.5-8 6.5zM12 12c0-3.5-2-6-7.5-6 0 4 2.5 6 7.5 6z',
} as const

export type IconName = keyof typeof paths

export const icon = (name: IconName) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${paths[name]} /></svg>`
