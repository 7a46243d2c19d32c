/**
 * The venue state that submissions are checked against. What is listed changes once a month, so a state half a minute old
 * will do, and the common submission does not read the log at all; accept checks again against the newest state.
 */
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { ParticipantRequest } from './participant.ts';

const AGE_MS_MAX = 30_000;

let recent: { readonly venue: VenueState; readonly loadedAt: number } | undefined;

/** The venue as it was at most half a minute before the request. */
export async function recentVenue(request: ParticipantRequest): Promise<VenueState> {
  return recent && Math.abs(request.time - recent.loadedAt) <= AGE_MS_MAX ? recent.venue : newestVenue(request);
}

/** The venue as of the newest event. */
export async function newestVenue({ backends, time }: ParticipantRequest): Promise<VenueState> {
  const venue = await loadVenue(backends.table);
  recent = { venue, loadedAt: time };
  return venue;
}
