/* Making elements. Law: texts become text nodes only; no HTML is ever parsed from data. */

export type Child = Node | string | null | undefined | false;

type Props = {
  class?: string | false | undefined;
  on?: Partial<{ [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void }>;
  [attribute: string]: unknown;
};

/** Return a new element. Attributes that are null, undefined or false are left out, true is "". */
export function h<E extends HTMLElement = HTMLElement>(
  tag: string,
  props: Props = {},
  ...children: Child[]
): E {
  const element = document.createElement(tag) as E;
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, handler] of Object.entries(value as object)) {
        element.addEventListener(event, handler as EventListener);
      }
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => !!child || child === ""));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/* Drawn for this page on a grid of 20 by 20, in strokes. */
const ICONS = {
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4",
  clear: "M5 5l10 10M15 5 5 15",
  call: "M5.6 3.2 7.4 3l1.6 3.6-1.7 1.7c.8 1.9 2.4 3.5 4.4 4.4l1.7-1.7L17 12.6l-.2 1.8c-.1 1.2-1.100 2.200-2.400 2.100C8.500 16.200 3.800 11.500 3.500 5.600c-.1-1.300.9-2.300 2.100-2.400Z",
  chat: "M10 3.500a6.500 6.500 0 0 1 0 13c-1.100 0-2.200-.3-3.100-.7L3.500 16.500l.7-3.400A6.500 6.500 0 0 1 10 3.500Z",
  mail: "M3 5.500h14v9H3ZM3 6l7 5 7-5",
  copy: "M7 6.500h9v10H7ZM4 13.500v-10h9",
  star: "m10 3 2.100 4.500 4.900.6-3.600 3.400.9 4.900L10 14l-4.300 2.400.9-4.900L3 8.100l4.900-.6Z",
  vcard: "M3 4.500h14v11H3ZM8 8.200a1.700 1.700 0 1 0 0 .1M5.200 13c.3-1.600 1.400-2.200 2.800-2.200s2.500.6 2.800 2.200M13 8.500h2M13 11h2",
  open: "M8 4.500H4v11.500h11.500V12M11 4h5v5M16 4l-7 7",
  back: "M12 4.500 6.500 10l5.500 5.500M6.500 10H17",
  company: "M4 16.500v-13h8v13M12 7.500h4v9M3 16.500h14M6.500 6.500h3M6.500 9.500h3M6.500 12.500h3",
  lock: "M5 9h10v7.500H5ZM7 9V6.500a3 3 0 0 1 6 0V9M10 12v1.500",
  out: "M12 6V3.500H3.500v13H12V14M8 10h9M14 7l3 3-3 3",
} as const;

export type IconName = keyof typeof ICONS;

/** Return an icon; it says nothing to screen readers, its button does. */
export function icon(name: IconName, filled = false): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", filled ? "icon filled" : "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Return a button of Fluent; one with an icon alone gets its name as label and tooltip. */
export function button(
  label: string,
  act: () => void,
  options: { icon?: IconName; filled?: boolean; only?: boolean; primary?: boolean; pressed?: boolean; class?: string } = {},
): HTMLElement {
  const only = options.only ?? false;
  return h(
    "fluent-button",
    {
      role: "button",
      appearance: options.primary ? "primary" : only ? "subtle" : "outline",
      "icon-only": only,
      "aria-label": only && label,
      title: only && label,
      "aria-pressed": options.pressed === undefined ? null : String(options.pressed),
      class: options.class,
      on: { click: act },
    },
    options.icon && iconIn("start", options.icon, options.filled ?? false, only),
    only ? null : label,
  );
}

function iconIn(slot: string, name: IconName, filled: boolean, only: boolean): Node {
  const drawn = icon(name, filled);
  if (!only) drawn.setAttribute("slot", slot);
  return drawn;
}
