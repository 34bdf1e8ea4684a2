/* The parts of the Teams library that the page uses; loaded within a host only. */

export { app, authentication, call, chat, mail, pages, webStorage } from "@microsoft/teams-js";
