// Reads the recipes of converted builds.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Recipe } from '../proof/recipe.js';
import { BuildRecipe } from './build-recipe.entity.js';

export class RecipeQuery {
  constructor(private readonly reader: EntityManager) {}

  /** In the order of the ids; null for builds that were not converted here, or before recipes were kept. */
  async ofBuilds(accountId: string, buildIds: readonly string[]): Promise<(Recipe | null)[]> {
    const rows = await this.reader.findBy(BuildRecipe, { accountId, buildId: In([...buildIds]) });
    const byId = new Map(rows.map(({ buildId, recipe }) => [buildId, recipe]));
    return buildIds.map((id) => byId.get(id) ?? null);
  }
}
