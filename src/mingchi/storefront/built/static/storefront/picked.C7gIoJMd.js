import{x as o}from"./index-DeM247mD.js";const r=o("category",null);export{r as p};
