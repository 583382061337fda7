/** The words of personal banking. Other languages are typed by this catalogue. */
export const en = {
  welcome: 'Welcome',
  signIn: 'Sign in',
  notFound: 'This page does not exist',
};

export type PersonalMessages = typeof en;
