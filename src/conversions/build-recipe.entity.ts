// The recipe by which a converted build can be made again. A table of its own: lists of builds need none of it.
import { Entity, ForeignKey } from 'typeorm';
import { JsonColumn, PrimaryIdColumn } from '../db/columns.js';
import type { Recipe } from '../proof/recipe.js';

@Entity('build_recipe')
@ForeignKey('Build', ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
export class BuildRecipe {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  buildId!: string;

  @JsonColumn()
  recipe!: Recipe;
}
