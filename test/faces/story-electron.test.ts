import { tellStory } from './story.ts';

tellStory('Electron');
