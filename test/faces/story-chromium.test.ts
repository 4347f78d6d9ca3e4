import { tellStory } from './story.ts';

tellStory('Chromium');
