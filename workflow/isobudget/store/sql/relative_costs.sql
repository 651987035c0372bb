-- What a generation costs over what it costs with the study's cheapest model. A model that is free has no budget.
UPDATE costs
SET relative = generation / (
    SELECT min(cheapest.generation) FROM costs AS cheapest WHERE cheapest.unit = costs.unit AND cheapest.generation > 0
);
