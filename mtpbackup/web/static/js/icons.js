/* Icons, drawn here so that nothing has to be loaded. All are hidden from screen readers: words stand beside them. */

const SVG = 'http://www.w3.org/2000/svg';

/* Each is a 24 x 24 drawing of strokes. */
const DRAWINGS = {
  home: 'M4 11.5 12 5l8 6.5M6 10v9h4.5v-5h3v5H18v-9',
  phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3ZM11 18h2',
  backup: 'M4 6.5C4 5.1 7.6 4 12 4s8 1.1 8 2.5S16.4 9 12 9 4 7.9 4 6.5ZM4 6.5v11C4 18.9 7.6 20 12 20s8-1.1 8-2.5v-11M4 12c0 1.4 3.6 2.5 8 2.5s8-1.1 8-2.5',
  back: 'M9 14 4.5 9.5 9 5M5 9.5h9a5.5 5.5 0 0 1 0 11h-3',
  progress: 'M12 4a8 8 0 1 1-7.6 5.5M12 8v4.5l3 2',
  help: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM9.6 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.8M12 16.6v.3',
  tick: 'm5.5 12.5 4.5 4.5L18.5 7.5',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.4 7 9 4.1-1.6 7-4.7 7-9V6l-7-2.5ZM8.8 12l2.3 2.3 4.2-4.6',
  plus: 'M12 5.5v13M5.5 12h13',
  play: 'M8.5 5.5v13l10-6.5-10-6.5Z',
  stack: 'M8 8h11v11H8zM5 15.5V5h10.5',
  picture: 'M4 5.5h16v13H4zM4 15.5l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.2v.1',
  film: 'M4 6h11v12H4zM15 10.5 20 7.5v9l-5-3',
  file: 'M7 3.5h7l4 4V20.5H7zM13.5 3.5V8H18',
  close: 'm6 6 12 12M18 6 6 18',
  left: 'm14.5 5-7 7 7 7',
  right: 'm9.5 5 7 7-7 7',
  download: 'M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 19.5h14',
  warning: 'M12 4 3 19.5h18L12 4ZM12 10v4.5M12 16.9v.2',
  problem: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5V13M12 16v.2',
  stop: 'M7 7h10v10H7z',
  retry: 'M19 8.5A8 8 0 1 0 20 12M19.5 4v4.8h-4.8',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.5 15.5 20 20',
  lock: 'M6.5 10.5h11v9h-11zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5',
  gone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3ZM4 4l16 16',
  cable: 'M9 3.5v4M15 3.5v4M7 7.5h10v4a5 5 0 0 1-10 0zM12 16.5v4',
};

/** An icon by name. */
export function icon(name, className = '') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  svg.setAttribute('class', `icon ${className}`);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', DRAWINGS[name] ?? '');
  svg.append(path);
  return svg;
}
