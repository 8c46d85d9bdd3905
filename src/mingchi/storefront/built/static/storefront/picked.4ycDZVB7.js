import{x as o}from"./index-DVFUw9yv.js";const r=o("category",null);export{r as p};
